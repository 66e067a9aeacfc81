# The jar of the image finds its libraries by their names there; those of the registry go by others.
if [ "$1 $2" != '-jar DynamoDBLocal.jar' ]; then exec java "$@"; fi
shift 2
exec java -Djava.library.path=jars -cp 'jars/*' com.amazonaws.services.dynamodbv2.local.main.ServerRunner "$@"
